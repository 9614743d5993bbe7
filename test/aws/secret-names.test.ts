import { CreateSecretCommand, DeleteSecretCommand } from '@aws-sdk/client-secrets-manager'
import { secretName } from '../../functions/aws/credentials.ts'
import { secretsManagerInventory } from '../../functions/aws/secret-names.ts'
import type { Connection } from '../../functions/kit/connection.ts'
import { inventoryContract } from '../contracts/inventory.ts'
import { acme } from '../contracts/vendors.ts'
import { refusingSecrets } from '../support/interference.ts'
import { localAws } from '../support/local-aws.ts'

const machines: Awaited<ReturnType<typeof localAws>>[] = []
afterAll(() => Promise.all(machines.map((aws) => aws.close())))

async function open() {
  const aws = await localAws()
  machines.push(aws)
  const store = (connection: Connection) =>
    aws.secrets.send(new CreateSecretCommand({ Name: secretName('vendomat', connection), SecretString: '{}' }))
  const remove = (connection: Connection) =>
    aws.secrets.send(new DeleteSecretCommand({ SecretId: secretName('vendomat', connection), RecoveryWindowInDays: 7 }))
  return {
    inventory: secretsManagerInventory(aws.secrets, 'vendomat'),
    store,
    remove,
    calls: aws.calls,
    secrets: aws.secrets,
  }
}

inventoryContract('Secrets Manager', open)

describe('the names of secrets', () => {
  it('cost a call for each 100, and no more calls than for so many as are wanted', async () => {
    const { inventory, store, calls } = await open()
    for (let i = 0; i < 250; i += 1) await store({ vendor: acme, name: `site-${i}` })
    const callsFor = async (limit: number) => {
      const before = calls()['secretsmanager.ListSecrets'] ?? 0
      await inventory.stored(acme, limit)
      return (calls()['secretsmanager.ListSecrets'] ?? 0) - before
    }
    expect([await callsFor(100), await callsFor(200), await callsFor(300), await callsFor(100_000)]).toEqual([
      1, 2, 3, 3,
    ])
  })

  it('are those of its own stage', async () => {
    const { inventory, store, secrets } = await open()
    await store({ vendor: acme, name: 'hq' })
    await secrets.send(new CreateSecretCommand({ Name: 'vendomat-dev/acme/of-dev', SecretString: '{}' }))
    expect(await inventory.stored(acme, 100)).toEqual([{ vendor: acme, name: 'hq' }])
    const dev = secretsManagerInventory(secrets, 'vendomat-dev')
    expect(await dev.stored(acme, 100)).toEqual([{ vendor: acme, name: 'of-dev' }])
  })

  it('that may not be listed say which permission is missing', async () => {
    const words = 'User: canary is not authorized to perform: secretsmanager:ListSecrets because no policy allows it'
    const inventory = secretsManagerInventory(refusingSecrets('AccessDeniedException', words), 'vendomat')
    await expect(inventory.stored(acme, 100)).rejects.toMatchObject({
      code: 'configuration',
      message:
        "the list of secrets may not be read: the function's role lacks secretsmanager:ListSecrets, or a policy denies it",
    })
  })

  it('that cannot be listed now are a failure of ours, not a vendor without connections', async () => {
    const inventory = secretsManagerInventory(refusingSecrets('ThrottlingException', 'Rate exceeded'), 'vendomat')
    await expect(inventory.stored(acme, 100)).rejects.toMatchObject({ code: 'store_unavailable' })
  })
})
