import { UsageError } from './command.ts'

/** Whom a policy is for. */
export interface Principal {
  readonly account: string
  /** Of the role or user. Left out for a whole account. */
  readonly arn?: string
  /** `the role erp` */
  readonly called: string
  /** What is not certain of its ARN. */
  readonly note?: string
}

const LIKE = 'an account like 111122223333 or a role like arn:aws:iam::111122223333:role/erp'
const ARN = /^arn:(aws[a-z-]*):(iam|sts)::(\d{12}):([a-z-]+)(?:\/([\w+=,.@/-]+))?$/

/** Reads an account id or the ARN of a role, of its session, or of a user. Throws UsageError. */
export function principalNamed(text: string): Principal {
  if (/[*?]/.test(text)) throw new UsageError(`--for has a wildcard, which lets in whom nobody named; name ${LIKE}`)
  if (/^\d{12}$/.test(text)) return wholeAccount(text)
  const [, partition, service, account = '', kind, name = ''] = ARN.exec(text) ?? []
  const path = name.split('/')
  const last = path.at(-1) ?? ''
  if (path.includes('') !== (kind === 'root')) throw new UsageError(`--for is ${LIKE}`)
  switch (`${service} ${kind}`) {
    case 'iam root':
      return wholeAccount(account)
    case 'iam role':
      return { account, arn: text, called: `the role ${last}` }
    case 'iam user':
      return { account, arn: text, called: `the user ${last}` }
    case 'sts assumed-role': {
      const [role = '', session, ...more] = path
      if (session === undefined || more.length > 0) break
      // IAM user guide, "IAM identifiers", 2026-11: the ARN of a session leaves the role's path out.
      const note = `the ARN of a session has no path: compare with aws iam get-role --role-name ${role} --query Role.Arn`
      return { account, arn: `arn:${partition}:iam::${account}:role/${role}`, called: `the role ${role}`, note }
    }
  }
  throw new UsageError(`--for is ${LIKE}`)
}

const wholeAccount = (account: string): Principal => ({ account, called: `the account ${account}` })

/** Whether the resource policy of the machine can name it: see `callers` in lib/settings.ts. */
export const isRole = ({ arn }: Principal): boolean => arn?.includes(':role/') ?? false
