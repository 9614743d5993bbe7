import type { SecurityPromise } from '../promise.ts'

export const PROMISES: readonly SecurityPromise[] = [
  {
    id: 'own-vendor-hosts',
    asset: 'vendor credentials',
    threat:
      'a vendor of somebody’s own names a domain below which anybody can have a host, and its secrets are sent there',
    stoppedBy: 'no stack is made with a vendor whose hosts are none, no names, or a public suffix',
    tests: [
      { file: 'test/lib/settings.test.ts', title: 'a vendor of one’s own names hosts that nobody else can have' },
    ],
    removal: { file: 'lib/settings.ts', was: ", hosts: listOf(host, 'api.example.com')", becomes: '' },
  },
]
