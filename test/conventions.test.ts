import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROUTES } from '../functions/api/routes.ts'
import { FAILURES } from '../functions/kit/errors.ts'
import { vendors } from '../functions/vendors.ts'
import { commands } from '../lib/cli/run.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter(Boolean)
const sources = tracked.filter((file) => /^(bin|lib|functions)\/.*\.(ts|cjs)$/.test(file) && !file.endsWith('.d.ts'))

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')

/** What a template holds is another file's text. */
const ownTextOf = (file: string) =>
  file.startsWith('lib/cli/scaffold/') ? read(file).replaceAll(/`(\\.|[^`\\])*`/gs, '``') : read(file)

/** Every file and package a source imports, by `import`, `export … from`, `import()` or `require()`. */
function importsOf(file: string): string[] {
  const specifiers = [...ownTextOf(file).matchAll(/(?:from|import|require)\s*\(?\s*'([.@a-z][^' ]+)'/g)].map(
    ([, specifier = '']) => specifier,
  )
  return specifiers.map((specifier) =>
    specifier.startsWith('.') ? relative(ROOT, join(ROOT, dirname(file), specifier)) : specifier,
  )
}

const isPackage = (name: string) => !/^((bin|dist|lib|functions|test)\/|package\.json$)/.test(name)
const ROOMS = [
  ...['kit', 'core', 'oauth', 'api', 'consent', 'keeper', 'notices', 'aws', 'lambda', 'callback', 'simulation'],
  // The vendor that a description makes.
  'generic',
]
const isVendorFolder = (path: string) => {
  const [top, folder = '', file] = path.split('/')
  return top === 'functions' && file !== undefined && !ROOMS.includes(folder)
}
/** A vendor on the laptop, and what it is written with. */
const isSimulated = (path: string) => /^functions\/(simulation\/|[a-z0-9-]+\/simulator\.ts$)/.test(path)
const vendorFolderOf = (path: string) => path.split('/').slice(0, 2).join('/')

/** For each part of the tree, what it may import. */
const ARROWS: readonly { readonly from: RegExp; readonly may: (imported: string, from: string) => boolean }[] = [
  {
    from: /^functions\/kit\//,
    may: (i) => i.startsWith('functions/kit/') || i.startsWith('node:') || i === 'zod/mini',
  },
  { from: /^functions\/core\//, may: (i) => /^functions\/(kit|core)\//.test(i) || i.startsWith('node:') },
  {
    from: /^functions\/oauth\//,
    may: (i) => /^functions\/(kit|oauth)\//.test(i) || i.startsWith('node:') || i === 'zod/mini' || i === 'jose',
  },
  {
    from: /^functions\/notices\//,
    may: (i) => /^functions\/(kit|core|notices)\//.test(i) || i.startsWith('node:'),
  },
  {
    from: /^functions\/consent\//,
    may: (i) => /^functions\/(kit|core|consent)\//.test(i) || i.startsWith('node:') || i === 'zod/mini',
  },
  {
    from: /^functions\/keeper\//,
    may: (i) => /^functions\/(kit|core|keeper)\//.test(i) || i.startsWith('node:'),
  },
  {
    from: /^functions\/api\//,
    may: (i) => /^functions\/(kit|core|consent|keeper|api)\//.test(i) || i.startsWith('node:') || i === 'zod/mini',
  },
  {
    from: /^functions\/aws\//,
    may: (i) =>
      /^functions\/(kit|core|consent|keeper|notices|aws)\//.test(i) ||
      i === 'functions/environment.ts' ||
      i.startsWith('node:') ||
      /^(@aws-sdk\/|@smithy\/(core\/checksum|signature-v4)$|jose$)/.test(i),
  },
  {
    from: /^functions\/lambda\//,
    may: (i) =>
      /^functions\/(kit|core|api|consent|keeper|notices|aws|lambda)\//.test(i) ||
      i === 'functions/environment.ts' ||
      i.startsWith('node:') ||
      /^(@aws-sdk\/|@aws-lambda-powertools\/|@middy\/core$|aws-lambda$)/.test(i),
  },
  { from: /^functions\/callback\/handler\.ts$/, may: (i) => i === 'functions/lambda/callback.ts' },
  {
    from: /^functions\/(simulation\/|[a-z0-9-]+\/simulator\.ts$)/,
    may: (i) => i.startsWith('functions/simulation/') || i.startsWith('node:'),
  },
  {
    from: /^functions\/generic\/(handler|exchange)\.ts$/,
    may: (i) =>
      /^functions\/lambda\/(described|vendor-function|exchange)\.ts$/.test(i) ||
      /^functions\/generic\/(facts|given|vendor)\.ts$/.test(i),
  },
  {
    from: /^functions\/[a-z0-9-]+\/exchange\.ts$/,
    may: (i, from) => i === 'functions/lambda/exchange.ts' || i === `${vendorFolderOf(from)}/vendor.ts`,
  },
  {
    from: /^functions\/[a-z0-9-]+\/handler\.ts$/,
    may: (i, from) =>
      ['functions/lambda/vendor-function.ts', 'facts.ts', 'vendor.ts'].includes(
        i.replace(`${vendorFolderOf(from)}/`, ''),
      ),
  },
  {
    from: /^functions\/[a-z0-9-]+\//,
    may: (i, from) =>
      /^functions\/(kit|oauth)\//.test(i) ||
      (i.startsWith(`${vendorFolderOf(from)}/`) && !isSimulated(i)) ||
      i.startsWith('node:') ||
      i === 'zod/mini',
  },
  { from: /^functions\/registry\.ts$/, may: (i) => i.endsWith('/vendor.ts') },
  { from: /^functions\/vendors\.ts$/, may: (i) => ['functions/registry.ts', 'functions/kit/vendor.ts'].includes(i) },
  { from: /^functions\/environment\.ts$/, may: (i) => i === 'functions/kit/token.ts' },
  {
    from: /^lib\/local\//,
    may: (i) =>
      i.startsWith('lib/local/') ||
      isSimulated(i) ||
      i.startsWith('node:') ||
      /^(@aws-sdk\/|dynalite$|oidc-provider$|zod$|zod\/mini$)/.test(i),
  },
  {
    from: /^lib\/client\//,
    // What a bundle of the AWS SDK has already, and little of ours: callers take it into theirs.
    may: (i) =>
      /^(lib\/client|functions\/kit)\//.test(i) ||
      ['@aws-sdk/credential-provider-node', '@smithy/core/checksum', '@smithy/signature-v4'].includes(i),
  },
  {
    from: /^lib\/cost\//,
    may: (i) => i.startsWith('lib/cost/') || i === 'lib/cli/table.ts' || i.startsWith('node:'),
  },
  {
    from: /^lib\/cli\//,
    may: (i) =>
      /^(lib\/(cli|client)|functions\/kit)\//.test(i) ||
      /^functions\/(environment|api\/(answers|routes|states))\.ts$/.test(i) ||
      // Vendors as data, which `vendomat vendors` shows.
      /^functions\/(generic\/(forms|steps|catalogue\/[a-z]+)|[a-z0-9-]+\/(facts|forms|steps))\.ts$/.test(i) ||
      [
        'functions/api/openapi.json',
        'lib/did-you-mean.ts',
        'lib/local/loopback.ts',
        'package.json',
        'commander',
      ].includes(i) ||
      i.startsWith('node:') ||
      /^(@aws-sdk\/|zod\/mini$)/.test(i),
  },
  { from: /^lib\/vendor\.ts$/, may: (i) => /^functions\/(kit|oauth)\//.test(i) },
  {
    from: /^lib\/[a-z-]+\.ts$/,
    may: (i) =>
      /^lib\/[a-z-]+\.ts$/.test(i) ||
      [
        'functions/vendors.ts',
        'functions/environment.ts',
        'functions/generic/catalogue/entry.ts',
        'functions/generic/catalogue/index.ts',
        'functions/generic/description.ts',
        'functions/generic/placeholders.ts',
        'functions/generic/vendor.ts',
        'functions/kit/vendor.ts',
        'functions/kit/connection.ts',
        'functions/kit/networks.ts',
        'functions/oauth/vendor-url.ts',
        'functions/kit/errors.ts',
        'functions/api/routes.ts',
        'functions/api/bodies.ts',
        'functions/api/answers.ts',
        'functions/lambda/callback-page.ts',
        'constructs',
        'tldts',
        'zod',
        'esbuild',
        'cdk-nag',
      ].includes(i) ||
      i.startsWith('node:') ||
      i.startsWith('aws-cdk-lib'),
  },
  {
    from: /^bin\/vendomat\.cjs$/,
    may: (i) => ['bin/vendomat.ts', 'dist/vendomat.cjs', 'tsx/esm/api'].includes(i) || i.startsWith('node:'),
  },
  { from: /^bin\/app\.ts$/, may: (i) => /^lib\/[a-z-]+\.ts$/.test(i) || /^(aws-cdk-lib|cdk-nag$|node:)/.test(i) },
  {
    from: /^bin\/build\.ts$/,
    may: (i) => ['lib/cdk.ts', 'lib/vendor-code.ts', 'esbuild'].includes(i) || i.startsWith('node:'),
  },
  { from: /^bin\//, may: (i) => /^lib\/(local|cli|cost)\//.test(i) || i.startsWith('node:') },
]

describe('the arrows of the design', () => {
  it('hold for every import', () => {
    const wrong = sources.flatMap((file) => {
      const rule = ARROWS.find(({ from }) => from.test(file))
      return importsOf(file)
        .filter((imported) => !rule?.may(imported, file))
        .map((imported) => `${file} -> ${imported}`)
    })
    expect(wrong).toEqual([])
  })

  it('are looked at for real: a wrong import would be seen', () => {
    const core = ARROWS.find(({ from }) => from.test('functions/core/vend.ts'))
    expect(core?.may('@aws-sdk/client-dynamodb', 'functions/core/vend.ts')).toBe(false)
    const vendor = ARROWS.find(({ from }) => from.test('functions/accelo/vendor.ts'))
    expect(vendor?.may('functions/core/vend.ts', 'functions/accelo/vendor.ts')).toBe(false)
    expect(importsOf('functions/accelo/handler.ts')).toEqual([
      'functions/lambda/vendor-function.ts',
      'functions/accelo/facts.ts',
      'functions/accelo/vendor.ts',
    ])
    expect(sources.length).toBeGreaterThan(40)
  })

  it('keep vendors apart: none imports another', () => {
    const across = sources
      .filter(isVendorFolder)
      .flatMap((file) => importsOf(file).map((imported) => [file, imported] as const))
      .filter(([file, imported]) => isVendorFolder(imported) && vendorFolderOf(imported) !== vendorFolderOf(file))
    expect(across).toEqual([])
  })

  it('let nobody but functions/lambda, bin and the entry of the client read the environment', () => {
    const readers = sources.filter((file) => /process\.env\b/.test(read(file)))
    const others = readers.filter((file) => !/^(functions\/lambda|bin)\//.test(file))
    expect(others).toEqual(['lib/client/token-source.ts'])
  })

  it('leave the simulators without a line of the code they check', () => {
    const borrowers = sources.filter((file) => file.startsWith('lib/local/') || isSimulated(file))
    expect(borrowers.filter(isSimulated).length).toBeGreaterThan(5)
    const borrowed = borrowers.flatMap(importsOf).filter((imported) => imported.startsWith('functions/'))
    expect(borrowed.filter((imported) => !isSimulated(imported))).toEqual([])
  })

  it('leave the code that is deployed without a line of the simulators', () => {
    const deployed = sources.filter((file) => file.startsWith('functions/') && !isSimulated(file))
    expect(deployed.flatMap(importsOf).filter(isSimulated)).toEqual([])
  })
})

describe('what the machine says to people', () => {
  /** Lines that hold a text, which a comment is not. */
  const textsOf = (file: string) =>
    read(file)
      .split('\n')
      .filter((line) => /['`]/.test(line) && !/^\s*(\/?\*|\/\/)/.test(line))

  it('leaves no placeholder to be filled in', () => {
    const unfilled = sources
      .filter((file) => file.startsWith('functions/'))
      .flatMap((file) => textsOf(file).filter((line) => /<(vendor|connection|name|version|date|owner)>/.test(line)))
    expect(unfilled).toEqual([])
  })
})

describe('the packages', () => {
  const lock = read('package-lock.json')

  it('are those of the living projects, not the bare names anybody could register', () => {
    for (const name of ['middy', 'aws-lambda-powertools']) {
      expect(read('package.json')).not.toContain(`"${name}"`)
      expect(lock).not.toContain(`"node_modules/${name}"`)
    }
  })

  it('hold one version of Powertools and a CDK command line that can read the library', () => {
    const { packages } = JSON.parse(lock)
    const versionsOf = (start: string) =>
      new Set(
        Object.entries<{ version: string }>(packages)
          .filter(([name]) => name.includes(`node_modules/${start}`))
          .map(([, { version }]) => version),
      )
    expect(versionsOf('@aws-lambda-powertools/')).toEqual(new Set(['2.35.0']))
    expect(packages['node_modules/aws-cdk'].version).toBe('2.1148.1')
  })
})

describe('the tree', () => {
  it('has at its top what the design names and nothing else', () => {
    const top = [...new Set(tracked.map((file) => file.split('/')[0] ?? ''))].filter((name) => !name.startsWith('.'))
    const named = [
      'package.json',
      'package-lock.json',
      'tsconfig.json',
      'cdk.json',
      'biome.json',
      'LICENSE',
      'README.md',
    ]
    expect(top.filter((name) => ![...named, 'bin', 'lib', 'functions', 'test'].includes(name))).toEqual([])
  })

  it('uses packages only through names it declares', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json'))
    const declared = Object.keys({ ...dependencies, ...devDependencies, 'aws-lambda': '' })
    const used = new Set(sources.flatMap(importsOf).filter((name) => isPackage(name) && !name.startsWith('node:')))
    const nameOf = (specifier: string) =>
      specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/')
    expect([...used].map(nameOf).filter((name) => !declared.includes(name))).toEqual([])
  })
})

describe('the documents', () => {
  it('name every failure a caller can meet, with its status', () => {
    const rows = read('functions/README.md')
      .split('\n')
      .filter((line) => /^\| \d{3} \|/.test(line))
    const missing = Object.entries(FAILURES)
      .filter(([code]) => code !== 'internal')
      .filter(
        ([code, { status }]) => !rows.some((row) => row.startsWith(`| ${status} |`) && row.includes(`\`${code}\``)),
      )
    expect(missing.map(([code]) => code)).toEqual([])
  })

  it('name every route and every command, and every vendor that has none of its own', () => {
    const routes = Object.values(ROUTES).map(({ method, path }) => `${method} ${path}`)
    const [readme, commandLine] = [read('README.md'), read('lib/cli/README.md')]
    expect(routes.filter((route) => !read('functions/README.md').includes(route))).toEqual([])
    const about = (id: string) => tracked.filter((file) => file === `functions/${id}/README.md`).map(read)
    const unnamed = Object.values(vendors).filter(
      ({ id, title }) => ![readme, ...about(id)].some((text) => text.includes(title.replace('Genetec ', ''))),
    )
    expect(unnamed).toEqual([])
    expect(
      Object.keys(commands).filter(
        (name) => !commandLine.includes(`\`npx vendomat ${name}`) && !commandLine.includes(`\`${name}\``),
      ),
    ).toEqual([])
  })
})
