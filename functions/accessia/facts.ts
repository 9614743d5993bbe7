import type { VendorFacts } from '../kit/vendor.ts'

const HOUR_SECONDS = 60 * 60
const DAY_SECONDS = 24 * HOUR_SECONDS

export const facts = {
  id: 'accessia',
  title: 'Accessia',
  hosts: ['accessia.com'],
  // Accessia can change the 6 hours per customer and documents no longest (docs.accessia.com/integrations, 2026-11). More
  // than a day is used only of a connection whose document says what was agreed.
  tokens: { storage: 'table', maxLifeSeconds: 30 * DAY_SECONDS, defaultLifeSeconds: 6 * HOUR_SECONDS },
} as const satisfies VendorFacts
