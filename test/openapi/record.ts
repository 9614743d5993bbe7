import { createHash } from 'node:crypto'
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { acceloClients, acceloDeployment } from '../../functions/accelo/simulator.ts'
import { issueIobeyaToken } from '../../functions/iobeya/simulator.ts'
import { DAY_SECONDS, secondsAfter } from '../../functions/kit/time.ts'
import { netrexApplication } from '../../functions/netrex/simulator.ts'
import { signedRequest } from '../../lib/client/signed-request.ts'
import type { Examples } from '../../lib/openapi.ts'
import { control } from '../support/control.ts'

/** Stands in the examples for each token. */
const TOKEN = 'example-token'
const FINGERPRINT = createHash('sha256').update(TOKEN).digest('hex').slice(0, 16)

type Answer = Readonly<Record<string, unknown>>

/** Asks a machine on this computer for one answer of each operation and one of each refusal that can be had there. */
export async function recordExamples(environment: Readonly<Record<string, string>>): Promise<Examples> {
  const setting = (name: string): string => environment[name] ?? ''
  const keys = { accessKeyId: setting('AWS_ACCESS_KEY_ID'), secretAccessKey: setting('AWS_SECRET_ACCESS_KEY') }
  const signer = { region: setting('AWS_REGION'), credentials: async () => keys, http: fetch }
  const base = setting('VENDOMAT_URL')

  async function call(method: string, path: string, body?: object): Promise<Answer> {
    const answer = await signedRequest(method, new URL(`${base}${path}`), { ...signer, ...(body && { body }) })
    return JSON.parse(await answer.text())
  }
  const shown = (answer: Answer): Answer => ({
    ...answer,
    ...('access_token' in answer && { access_token: TOKEN, fingerprint: FINGERPRINT }),
  })
  const script = (fault: object) => control(setting('VENDOMAT_SIMULATOR_URL'), 'accelo', 'POST', fault)
  const secrets = new SecretsManagerClient({
    endpoint: setting('AWS_ENDPOINT_URL'),
    region: signer.region,
    credentials: keys,
  })
  const application = {
    deployment: acceloDeployment,
    client_id: acceloClients.ro.clientId,
    client_secret: acceloClients.ro.clientSecret,
  }
  const create = (name: string) =>
    secrets.send(
      new CreateSecretCommand({ Name: `vendomat/accelo/${name}`, SecretString: JSON.stringify(application) }),
    )
  /** One whose token a person has to replace in twenty days. */
  const createEnding = () => {
    const madeAt = secondsAfter(new Date(), -70 * DAY_SECONDS)
    const document = { token: issueIobeyaToken(90, madeAt), api_url: 'https://acme.api.iobeya.com' }
    return secrets.send(
      new CreateSecretCommand({ Name: 'vendomat/iobeya/example', SecretString: JSON.stringify(document) }),
    )
  }

  const at = '/connections/accelo/example'
  await create('example')
  const vend = await call('GET', '/tokens/accelo/example?min_ttl=300')
  const rejected = vend.fingerprint
  const refresh = await call('POST', '/tokens/accelo/example/refresh', { rejected })
  const limited = await call('POST', '/tokens/accelo/example/refresh', { rejected: refresh.fingerprint })
  const setOwner = await call('PUT', `${at}/owner`, { owner: 'ada@acme.example' })
  const setKeepWarm = await call('PUT', `${at}/keep-warm`, { keep_warm: true })
  await createEnding()
  const check = await call('POST', '/connections/iobeya/example/check')
  const acknowledge = await call('POST', '/connections/iobeya/example/acknowledgement', { note: 'ticket 4711' })
  const { VersionId: version } = await secrets.send(
    new PutSecretValueCommand({
      SecretId: 'vendomat/accelo/example',
      SecretString: JSON.stringify(application),
      VersionStages: ['AWSPENDING'],
    }),
  )
  const tryVersion = await call('POST', `${at}/trial`, { version })
  const describe = await call('GET', '/vendors/accelo')
  const list = await call('GET', '/connections/accelo')
  const show = await call('GET', at)
  const revoke = await call('DELETE', '/tokens/accelo/example')
  const setStatus = await call('PUT', `${at}/status`, { status: 'disabled' })
  const disabled = await call('GET', '/tokens/accelo/example')
  await secrets.send(new DeleteSecretCommand({ SecretId: 'vendomat/accelo/example', ForceDeleteWithoutRecovery: true }))
  const remove = await call('DELETE', at)
  const { redirectUri: redirect_uri } = netrexApplication
  const authorize = await call('POST', '/connections/netrex/site-a/authorization', { redirect_uri })

  await create('failing')
  await script({ fault: 'invalid-client' })
  const refused = await call('GET', '/tokens/accelo/failing')
  await create('away')
  await script({ fault: 'status-503', retry_after: 30 })
  const unavailable = await call('GET', '/tokens/accelo/away')

  const operations = {
    vend,
    refresh,
    revoke,
    describe,
    list,
    show,
    setOwner,
    setStatus,
    setKeepWarm,
    acknowledge,
    check,
    tryVersion,
  }
  const answers = { ...operations, remove, authorize }
  const refusals = {
    400: await call('GET', '/tokens/accelo/hq?min_ttl=soon'),
    403: JSON.parse(await (await fetch(`${base}/tokens/accelo/hq`)).text()),
    404: await call('GET', '/tokens/accelo/nobody'),
    409: disabled,
    422: await call('GET', '/tokens/accelo/hq?min_ttl=999999999'),
    424: await call('GET', '/tokens/netrex/site-a'),
    429: limited,
    502: refused,
    503: unavailable,
  }
  return Object.fromEntries(Object.entries({ ...answers, ...refusals }).map(([name, answer]) => [name, shown(answer)]))
}
