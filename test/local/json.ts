/** The JSON of an answer, as the type the test expects to read: where that is wrong, the test fails on its own. */
export const jsonOf = async <T>(answer: Response | Promise<Response>): Promise<T> => (await (await answer).json()) as T
