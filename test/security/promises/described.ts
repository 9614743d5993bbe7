import type { SecurityPromise } from '../promise.ts'

const PLACEHOLDERS = 'test/generic/placeholders.test.ts'
const VENDOR = 'test/generic/vendor.test.ts'

/** Of vendors that a description makes: what connections and answers say goes into addresses. */
export const PROMISES: readonly SecurityPromise[] = [
  {
    id: 'described-placeholders',
    asset: 'vendor credentials',
    threat:
      'who writes a connection’s secret leads its credentials to another host or path by what fills a placeholder',
    stoppedBy: 'a value in an address is one label of letters, digits, - and _',
    tests: [{ file: PLACEHOLDERS, title: 'cause no call where it is a part of ' }],
    removal: {
      file: 'functions/generic/placeholders.ts',
      was: 'LABEL.test(value)',
      becomes: '(LABEL.test(value) || value.length > 1)',
    },
  },
  {
    id: 'described-secret-placeholders',
    asset: 'vendor credentials',
    threat: 'a description puts a secret where logs and other parties read it: into a URL, a claim or a parameter',
    stoppedBy: 'a description in which a placeholder names a secret makes no vendor',
    tests: [{ file: PLACEHOLDERS, title: 'are never ' }],
    removal: {
      file: 'functions/generic/placeholders.ts',
      was: "const SECRETS = ['client_secret', 'private_key']",
      becomes: "const SECRETS = ['']",
    },
  },
  {
    id: 'described-answer-addresses',
    asset: 'access tokens',
    threat: 'an answer names an address of somebody else’s, and callers send their token there',
    stoppedBy: 'an address beside a token that is on none of the vendor’s domains is left out, and a warning says so',
    tests: [{ file: VENDOR, title: 'comes without ' }],
    removal: {
      file: 'functions/generic/answer.ts',
      was: 'if (!isUrl(name, value)) return [[name, value]]',
      becomes: 'if (isUrl(name, value) || value) return [[name, value]]',
    },
  },
]
