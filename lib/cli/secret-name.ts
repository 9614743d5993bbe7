import { ENV, namesOf, STAGE } from '../../functions/environment.ts'
import { type Shell, UsageError } from './command.ts'

/** The name of a connection's secret: `vendomat/accelo/hq`, or with a stage `vendomat-dev/accelo/hq`. Throws UsageError. */
export function secretName(vendorId: string, connection: string, { environment }: Pick<Shell, 'environment'>): string {
  return `${namesOf(stageIn(environment)).service}/${vendorId}/${connection}`
}

function stageIn({ [ENV.stage]: stage }: Shell['environment']): string | undefined {
  if (!stage || STAGE.test(stage)) return stage
  throw new UsageError(`${ENV.stage} "${stage}" is no stage: set what the stack prints, like dev, or nothing`)
}
