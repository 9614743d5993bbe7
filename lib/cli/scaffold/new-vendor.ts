export interface NewVendor {
  /** 'acme-cloud' */
  readonly id: string
  /** 'acmeCloud': what its code calls it. */
  readonly name: string
  /** 'Acme Cloud' */
  readonly title: string
  /** 'api.acme.com' */
  readonly host: string
}

/** Text of each file by its name, in the style of the house: nothing is left to the formatter. */
export type Files = Readonly<Record<string, string>>

/** What a flow writes beside what every vendor has. */
export interface Flow {
  /** In the vendor's folder. */
  readonly files: Files
  readonly test: string
}

/** As the formatter sorts the lines of what is imported. */
export const byId = (one: string, other: string): number => one.localeCompare(other, 'en', { numeric: true })
