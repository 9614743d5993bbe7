import { existsSync, readFileSync } from 'node:fs'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')

it('the vendor of one’s own that the documents show is the one that is packed, installed and vended', () => {
  const documents = ['README.md', 'lib/README.md', 'functions/README.md'].map((file) => `../../${file}`)
  const blocks = documents
    .filter((file) => existsSync(new URL(file, import.meta.url)))
    .flatMap((file) => [...read(file).matchAll(/```ts\n(.*?)```/gs)].map(([, block]) => block))
  expect(blocks).toContain(read('app/acme.ts'))
})
