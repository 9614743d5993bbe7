import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { vendors } from '../../functions/vendors.ts'
import { figure } from '../support/figure.ts'
import {
  billOfMaterials,
  directDependencies,
  installed,
  type Lock,
  type Locked,
  licenceProblems,
  lockFile,
  lockProblems,
  MOST_DIRECT,
  REASONS,
  ROOT,
  runtimeOf,
  shipped,
} from './packages.ts'

const lock = lockFile()
const runtime = runtimeOf(lock)
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vendomat-'))
})
afterAll(() => rmSync(folder, { recursive: true, maxRetries: 5 }))

const sound: Locked = { version: '1.0.0', license: 'MIT', integrity: 'sha512-aGFzaA==' }
const lockOf = (locked: Locked) => ({ '': {}, 'node_modules/one': locked })

describe('a direct dependency', () => {
  it('has a reason, and there are at most 15', () => {
    expect(Object.keys(REASONS)).toEqual(directDependencies())
    expect(directDependencies().length).toBeLessThanOrEqual(MOST_DIRECT)
    figure('supply-chain-few', `${directDependencies().length} direct dependencies, ${runtime.length} packages in all`)
  })

  it('is in what runs, and nothing is in what runs that is for development alone', () => {
    const { client, ...others } = shipped()
    expect(installed().filter((name) => !client.includes(`node_modules/${name}`))).toEqual([])
    const inUse = new Set([...client, ...Object.values(others).flat()])
    const known = runtime.map(([name]) => name)
    expect([...inUse].filter((name) => !known.includes(name))).toEqual([])
    expect(inUse.size).toBeGreaterThan(directDependencies().length)
  })
})

describe('every dependency', () => {
  it('is pinned exactly', () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    const all = Object.entries<string>({ ...dependencies, ...devDependencies })
    const pinned = all.filter(([, range]) => /^\d+\.\d+\.\d+$/.test(range))
    expect(pinned).toEqual(all)
    figure('supply-chain-pinned', `${pinned.length} of ${all.length} dependencies`)
  })
})

describe('the licence of each package that runs', () => {
  it('is one of those allowed, and what the package itself says', () => {
    expect(licenceProblems(runtime)).toEqual([])
    const own = (name: string) => JSON.parse(readFileSync(join(ROOT, name, 'package.json'), 'utf8')).license
    expect(runtime.map(([name]) => [name, own(name)])).toEqual(runtime.map(([name, { license }]) => [name, license]))
    figure('supply-chain-licences', `${runtime.length} of ${runtime.length} packages allowed`)
  })

  it.each(['GPL-3.0-only', 'UNLICENSED', 'SEE LICENSE IN LICENSE', '(MIT OR GPL-3.0-only)', 'mit', '', undefined])(
    'is refused where it is %j, until somebody has looked at it',
    (license) => {
      const { license: _, ...unlicensed } = sound
      const one: Locked = license === undefined ? unlicensed : { ...sound, license }
      expect(licenceProblems([['node_modules/one', one]])).toHaveLength(1)
      expect(licenceProblems([['node_modules/one', sound]])).toEqual([])
    },
  )
})

describe('the lock', () => {
  it('has a SHA-512 for every package, names no place it comes from, and runs no script of what is installed to run', () => {
    expect(lockProblems(lock)).toEqual([])
    const scripts = Object.values(lock).filter(({ hasInstallScript }) => hasInstallScript)
    // They are there, so that this looks at something: builders for development.
    expect(scripts.length).toBeGreaterThan(0)
    figure('supply-chain-lock', `${Object.keys(lock).length - 1} of ${Object.keys(lock).length - 1} packages`)
  })

  it.each<readonly [string, Locked]>([
    ['has no hash', { version: '1.0.0' }],
    ['has a weak hash', { ...sound, integrity: 'sha1-aGFzaA==' }],
    ['comes from a repository', { ...sound, resolved: 'git+ssh://git@git.example/one.git#0123456' }],
    ['comes over plain HTTP', { ...sound, resolved: 'http://packages.example/one.tgz' }],
    ['comes from a server of its own', { ...sound, resolved: 'https://packages.example/one.tgz' }],
    ['is a folder of this computer', { ...sound, link: true }],
    ['wants another from a repository', { ...sound, dependencies: { two: 'git+https://git.example/two.git' } }],
    ['wants another from a short name of a repository', { ...sound, dependencies: { two: 'somebody/two' } }],
    ['wants another from a server', { ...sound, optionalDependencies: { two: 'https://packages.example/two.tgz' } }],
    ['wants another from a folder', { ...sound, dependencies: { two: 'file:../two' } }],
    ['runs a script', { ...sound, hasInstallScript: true }],
  ])('is refused when a package %s', (_, locked) => {
    expect(lockProblems(lockOf(locked), ['one'])).toEqual([expect.stringMatching(/^node_modules\/one /)])
  })

  it.each<readonly [string, Locked]>([
    ['is sound', sound],
    ['is inside another’s archive', { version: '1.0.0', inBundle: true }],
    [
      'wants another by a range or another name',
      { ...sound, dependencies: { two: '^1 || >=3 <4', three: 'npm:four@^1' } },
    ],
  ])('is taken when a package %s', (_, locked) => {
    expect(lockProblems(lockOf(locked), ['one'])).toEqual([])
  })

  it('is refused when what a package wants runs a script, and taken when a package for development does', () => {
    const script: Locked = { ...sound, hasInstallScript: true }
    const lock = (wanted: string): Lock => ({
      'node_modules/one': { ...sound, dependencies: { [wanted]: '^1' } },
      'node_modules/one/node_modules/two': script,
    })
    expect(lockProblems(lock('two'), ['one'])).toEqual([expect.stringContaining('one/node_modules/two runs a script')])
    expect(lockProblems(lock('three'), ['one'])).toEqual([])
  })
})

describe('the bill of materials', () => {
  it('names every package that runs with its hash and licence, and is the same each time', () => {
    const bill = billOfMaterials()
    expect(billOfMaterials()).toBe(bill)
    const { bomFormat, components } = JSON.parse(bill)
    expect(bomFormat).toBe('CycloneDX')
    const complete = expect.objectContaining({
      hashes: [expect.objectContaining({ alg: 'SHA-512' })],
      licenses: [{ license: { id: expect.any(String) } }],
    })
    expect(components).toEqual(runtime.map(() => complete))
    const nameOf = (name: string) => name.slice(name.lastIndexOf('node_modules/') + 'node_modules/'.length)
    const names = runtime.map(([name, { version }]) => `${nameOf(name)}@${version}`)
    expect(components.map((one: { 'bom-ref': string }) => one['bom-ref']).sort()).toEqual(names.sort())
    figure('supply-chain-bill', `${components.length} of ${runtime.length} packages named`)
  })
})

describe('the bundles', () => {
  const entries = [...Object.keys(vendors).map((id) => `${id}/handler`), 'netrex/exchange', 'callback/handler']
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

  /** Builds all of them in a process of its own, and returns the digest of each file. */
  function build(root: string, name: string): Record<string, string> {
    const out = join(folder, name)
    const program = `
      const [root, out, ...entries] = process.argv.slice(1)
      const { bundleFunction } = await import(root + '/lib/vendor-code.ts')
      for (const entry of entries) bundleFunction(entry, out + '/' + entry)`
    const options = ['--import', tsx, '--input-type=module', '-e', program, root, out, ...entries]
    // From elsewhere: where it is called from makes no difference either.
    execFileSync(process.execPath, options, { cwd: tmpdir(), stdio: 'pipe' })
    const files = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.cjs'))
    const digest = (file: string) =>
      createHash('sha256')
        .update(readFileSync(join(out, file)))
        .digest('hex')
    return Object.fromEntries(files.sort().map((file) => [file, digest(file)]))
  }

  /** A checkout with the packages that are bundled; what builds is the same for all. */
  function checkout(name: string): string {
    const root = join(folder, name)
    for (const part of ['lib', 'functions', 'package.json', 'tsconfig.json'])
      cpSync(join(ROOT, part), join(root, part), { recursive: true })
    for (const [name] of runtime) cpSync(join(ROOT, name), join(root, name), { recursive: true })
    for (const name of Object.keys(lock).filter((each) => each.lastIndexOf('node_modules/') === 0)) {
      if (existsSync(join(root, name)) || !existsSync(join(ROOT, name))) continue
      mkdirSync(dirname(join(root, name)), { recursive: true })
      symlinkSync(join(ROOT, name), join(root, name))
    }
    return root
  }

  it('are the same, byte for byte, from two checkouts in different folders', () => {
    const [here, there] = [build(checkout('one'), 'here'), build(checkout('another/one deeper'), 'there')]
    expect(there).toEqual(here)
    const files = Object.keys(here).length
    expect(files).toBeGreaterThan(entries.length)
    figure('supply-chain-bytes', `${files} of ${files} files of ${entries.length} functions`)
  }, 120_000)
})
