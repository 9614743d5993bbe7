/** How a connection is. Worst first: what has stopped until a person acts, what fails, what a person has to see to soon. */
export const STATES = {
  secret_deleted: 'Its secret is gone, or scheduled for deletion.',
  secret_unreadable: 'The function may not read its secret, or Secrets Manager does not answer.',
  malformed: 'The document in its secret does not fit its vendor.',
  reconnect: 'The grant is over: a person has to consent again.',
  expired: 'The token that a person made has ended, or was refused or taken back.',
  failing: 'The last try failed, and none has worked since, whether the pause after it is over or not.',
  ending: 'It works, and a person has to renew it soon: a step of the reminders is due.',
  new: 'Nothing has been obtained with its credentials yet.',
  ageing: 'There is no fresh token; the sweep or the next call obtains one.',
  resting: 'There is no fresh token, and the sweep leaves it alone, as nobody has used it for long.',
  ok: 'There is a fresh token.',
  disabled: 'A person has switched it off.',
} as const

export type ConnectionState = keyof typeof STATES
