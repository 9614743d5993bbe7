/** What a request says of itself. A key with several values is a list. */
export type Context = Readonly<Record<string, string | readonly string[]>>

/** `{ StringEquals: { 'kms:ViaService': 'dynamodb.eu-west-1.amazonaws.com' } }`, with the values as lists. */
export type Condition = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>

type Comparison = (value: string, wanted: string) => boolean

/** All operators that are known, in the positive. */
const COMPARISONS: Readonly<Record<string, Comparison>> = {
  StringEquals: (value, wanted) => value === wanted,
  StringLike: like,
  // "ArnEquals and ArnLike behave identically" (IAM user guide, condition operators, 2026-11).
  ArnEquals: arnLike,
  ArnLike: arnLike,
  Bool: (value, wanted) => value.toLowerCase() === wanted.toLowerCase(),
  NumericEquals: (value, wanted) => Number(value) === Number(wanted),
  NumericLessThan: (value, wanted) => Number(value) < Number(wanted),
  NumericLessThanEquals: (value, wanted) => Number(value) <= Number(wanted),
  NumericGreaterThan: (value, wanted) => Number(value) > Number(wanted),
  NumericGreaterThanEquals: (value, wanted) => Number(value) >= Number(wanted),
}

interface Operator {
  readonly compare: Comparison
  readonly isNegated: boolean
  readonly ifExists: boolean
  readonly set: string | undefined
}

const NEGATED = /^(String|Arn|Numeric)Not/
const OPERATOR = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/

/** Whether the whole condition holds: of operators all, of their keys all, of a key's values one. Throws at an operator it does not know. */
export function holds(condition: Condition, context: Context): boolean {
  return Object.entries(condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => holdsFor(operator, wanted, valuesOf(key, context))),
  )
}

function holdsFor(name: string, wanted: readonly string[], values: readonly string[]): boolean {
  if (name === 'Null') return wanted.includes(String(values.length === 0))
  const { compare, isNegated, ifExists, set } = operatorOf(name)
  const meets = (value: string) => isNegated !== wanted.some((one) => compare(value, one))
  if (values.length === 0 && ifExists) return true
  if (set === 'ForAllValues') return values.every(meets)
  if (set === 'ForAnyValue') return values.some(meets)
  const [value, ...more] = values
  if (more.length > 0) throw new Error(`${name} compares one value, and the request has ${values.length}`)
  return value === undefined ? isNegated : meets(value)
}

function operatorOf(name: string): Operator {
  const [, set, word = '', ifExists] = OPERATOR.exec(name) ?? []
  const compare = COMPARISONS[word.replace(NEGATED, '$1')]
  if (!compare) throw new Error(`the operator ${name} is not known here`)
  return { compare, set, isNegated: NEGATED.test(word), ifExists: ifExists !== undefined }
}

/** Names of keys have no case. A key without a value is a key that is not there. */
function valuesOf(key: string, context: Context): readonly string[] {
  const found = Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase())
  return found === undefined ? [] : [found[1]].flat()
}

const patterns = new Map<string, RegExp>()

/** `*` is any text, also none; `?` is one letter. */
export function like(value: string, pattern: string): boolean {
  if (!/[*?]/.test(pattern)) return value === pattern
  let compiled = patterns.get(pattern)
  if (!compiled) {
    const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&')
    compiled = new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's')
    patterns.set(pattern, compiled)
  }
  return compiled.test(value)
}

/** Each of the six parts for itself. */
function arnLike(value: string, pattern: string): boolean {
  const [parts, wanted] = [partsOf(value), partsOf(pattern)]
  return parts.length === wanted.length && parts.every((part, at) => like(part, wanted[at] ?? ''))
}

function partsOf(arn: string): readonly string[] {
  const parts = arn.split(':')
  return [...parts.slice(0, 5), ...(parts.length > 5 ? [parts.slice(5).join(':')] : [])]
}
