import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { localAws } from '../../support/local-aws.ts'
import { AWS } from './shell.ts'

interface Account {
  readonly secrets: SecretsManagerClient
  /** A folder of its own. */
  readonly folder: string
  /** Writes a file into it; answers its path. */
  file(name: string, text: string): string
}

/** For the tests of one file an AWS account on loopback, which the commands find by the environment of the process. */
export function awsAccount(): Account {
  let aws: Awaited<ReturnType<typeof localAws>>
  let folder: string
  beforeAll(async () => {
    aws = await localAws()
    folder = mkdtempSync(join(tmpdir(), 'vendomat-'))
    Object.assign(process.env, AWS, { AWS_ENDPOINT_URL: aws.url })
  })
  afterAll(async () => {
    delete process.env.AWS_ENDPOINT_URL
    rmSync(folder, { recursive: true })
    await aws.close()
  })
  return {
    get secrets() {
      return aws.secrets
    },
    get folder() {
      return folder
    },
    file(name, text) {
      const path = join(folder, name)
      writeFileSync(path, text)
      return path
    },
  }
}
