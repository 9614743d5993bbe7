import type { SecurityPromise } from '../promise.ts'

const FILE = 'test/lib/descriptions.test.ts'

/** Vendors that are settings. */
export const PROMISES: readonly SecurityPromise[] = [
  {
    id: 'described-hosts',
    asset: 'vendor credentials',
    threat:
      'an address of a described vendor leads to a host that a connection chooses, and its secrets are sent there',
    stoppedBy:
      'every address is https at one of the hosts of the description, with no placeholder after which none of them comes',
    tests: [
      { file: FILE, title: 'a placeholder for the whole host' },
      { file: FILE, title: 'a label that no dot ends' },
      { file: FILE, title: 'another host' },
    ],
    removal: {
      file: 'lib/described-url.ts',
      was: 'fixed.length < authority.length',
      becomes: 'fixed.length < 0',
    },
  },
  {
    id: 'no-secret-in-settings',
    asset: 'vendor credentials',
    threat:
      'a secret in the description of a vendor is in a repository, in the template and in the environment of a function',
    stoppedBy: 'what is called or written like a secret ends the synthesis, which does not repeat it',
    tests: [
      { file: FILE, title: 'is refused and not repeated: a value by its letters' },
      { file: FILE, title: 'is refused and not repeated: a usual value' },
    ],
    removal: {
      file: 'lib/description-schema.ts',
      was: 'return [...secrets, ...[...checked, ...known].filter((one) => !isSecret(one))]',
      becomes: 'return [...checked, ...known].filter((one) => !isSecret(one))',
    },
  },
  {
    id: 'faults-repeat-no-secret',
    asset: 'vendor credentials',
    threat: 'what synth says of a wrong setting has the secret in it that somebody put there',
    stoppedBy: 'a value that is written like a secret is not shown',
    tests: [{ file: FILE, title: 'is not repeated where the whole is none' }],
    removal: {
      file: 'lib/faults.ts',
      was: "if (looksSecret(text)) return 'what stands there'",
      becomes: "if (looksSecret('')) return 'what stands there'",
    },
  },
  {
    id: 'no-secret-by-another-name',
    asset: 'refresh tokens',
    threat:
      'a description gives a token or a secret another name, and under it has it vended beside the token or put into an address',
    stoppedBy: 'what a description calls so is known as the secret that it is, and ends the synthesis',
    tests: [
      { file: FILE, title: 'a refresh token by its own name beside the token' },
      { file: FILE, title: 'a secret of a file by another name' },
    ],
    removal: {
      file: 'lib/description-rules.ts',
      was: '...secretsByAnotherName(given),',
      becomes: '...secretsByAnotherName({}),',
    },
  },
]
