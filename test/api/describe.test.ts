import { VENDOR } from '../../functions/api/answers.ts'
import { answer } from '../../functions/api/app.ts'
import { describe as described } from '../../functions/api/describe.ts'
import { VendingError } from '../../functions/kit/errors.ts'
import type { Vendor } from '../../functions/kit/vendor.ts'
import { vendors } from '../../functions/vendors.ts'
import { samples } from '../support/vendor-samples.ts'
import { fakeVendor, world } from '../support/world.ts'

const ids = Object.keys(vendors) as (keyof typeof vendors)[]
const strict = VENDOR.def.shape

/** Credentials of each kind, by the member that tells the kind from others. */
const documents: Record<string, Record<string, unknown>> = {
  ...Object.fromEntries(ids.map((id) => [`${id} 0`, samples[id].document])),
  'netrex 1': { host: 'system2.netrex.cz', user_token: 'a-token' },
}

it.each(ids)('the description of %s has what its answer promises, and nothing else', (id) => {
  const description = described(vendors[id])
  expect(VENDOR.safeParse(description).error).toBeUndefined()
  expect(Object.keys(description).sort()).toEqual(Object.keys(strict).sort())
})

const fits = ({ validate }: Vendor, document: object): boolean => {
  try {
    validate(document)
    return true
  } catch (error) {
    if (error instanceof VendingError) return false
    throw error
  }
}

const forms = ids.flatMap((id) =>
  VENDOR.parse(described(vendors[id])).forms.map((form, n) => ({ id, form, document: documents[`${id} ${n}`] ?? {} })),
)

it.each(forms)("a form of $id asks for what the vendor's schema needs, and for no less", ({ id, form, document }) => {
  const vendor: Vendor = vendors[id]
  expect(fits(vendor, document)).toBe(true)
  for (const { name, optional, default: otherwise } of form.fields ?? []) {
    const { [name]: _, ...without } = document
    expect([name, fits(vendor, without)]).toEqual([name, optional === true || otherwise !== undefined])
    if (otherwise !== undefined) expect(fits(vendor, { ...document, [name]: otherwise })).toBe(true)
  }
  expect(vendor.isStatic?.(document) ?? false).toBe(form.is_token === true)
})

it.each(forms)('a form of $id hides what the schema takes for secret, and nothing else', ({ id, form, document }) => {
  const vendor: Vendor = vendors[id]
  for (const { name, secret } of form.fields ?? []) {
    const changed = { ...document, [name]: name === 'token' ? 'another' : `${String(document[name] ?? '')}x` }
    if (fits(vendor, changed)) expect([name, vendor.hasSameSecrets(document, changed)]).toEqual([name, !secret])
  }
})

it('a vendor that says nothing of its form is described all the same, and nobody is asked', async () => {
  const { vendor, calls } = fakeVendor()
  const w = world()
  const request = { operation: 'describe', requestId: 'r', caller: 'arn:ann', query: {} } as const
  const events: unknown[] = []
  const { status, body } = await answer(vendor, request, w.process(), (event) => events.push(event))
  expect([status, JSON.parse(body)]).toEqual([
    200,
    {
      vendor: 'acme',
      title: 'Acme',
      forms: [],
      needs_consent: false,
      creation: [],
      consent: [],
      rotation: { credential: 'password', before: ['Make a new password.'], after: [] },
    },
  ])
  expect(events).toMatchObject([{ op: 'describe', connection: 'acme#*', outcome: 'done', caller: 'arn:ann' }])
  expect([calls, w.secrets.reads()]).toEqual([[], 0])
})
