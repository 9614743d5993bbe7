/** What a person does at the control address of simulators: scripts a fault of a vendor, or moves the `clock`. */
export const control = (simulatorUrl: string, name: string, method = 'GET', body?: object | string) =>
  fetch(`${simulatorUrl}/_control/${name}`, {
    method,
    headers: { 'x-vendomat': '1' },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
