import type { MakeSample } from '../../functions/kit/sample.ts'
import { Secret } from '../../functions/kit/secret.ts'
import type { Vendor } from '../../functions/kit/vendor.ts'
import { vendors } from '../../functions/vendors.ts'
import { NOW } from './fake-vendor.ts'

/** The secret of every sample. */
export const CANARY = 'Y2FuYXJ5LWluLXRoZS1jb2FsLW1pbmU'

type Name = keyof typeof vendors

async function sampled(name: Name) {
  const { sample }: { readonly sample: MakeSample } = await import(`../../functions/${name}/sample.ts`)
  const vendor: Vendor = vendors[name]
  const { refreshToken, ...said } = sample(CANARY, NOW)
  const held = refreshToken === undefined ? undefined : new Secret(refreshToken)
  const rotated = sample(`${CANARY}other`, NOW).document
  return { name, vendor, ...said, held, rotated }
}

// The loop fills in every name of the registry, one after the other: Jest cannot load modules that share one at the same time.
export const samples = {} as Record<Name, Awaited<ReturnType<typeof sampled>>>
for (const name of Object.keys(vendors) as Name[]) samples[name] = await sampled(name)

/** Every vendor with the sample of its folder. */
export const sampledVendors = Object.values(samples)
