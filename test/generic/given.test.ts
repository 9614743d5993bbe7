import { givenVendor } from '../../functions/generic/given.ts'
import { givenDescription } from '../../functions/lambda/described.ts'
import { zenith } from '../support/described-samples.ts'

const environment = (VENDOMAT_DESCRIPTION?: string) => ({ VENDOMAT_DESCRIPTION })

describe('what a function is given of its vendor', () => {
  it('is an id and a description, as JSON in its environment', () => {
    const given = givenDescription(environment(JSON.stringify({ id: 'zenith', ...zenith })))
    expect(givenVendor(given)).toEqual({ id: 'zenith', description: zenith })
  })

  it.each([
    [undefined, 'the environment lacks VENDOMAT_DESCRIPTION'],
    ['', 'the environment lacks VENDOMAT_DESCRIPTION'],
    ['{', 'VENDOMAT_DESCRIPTION is not JSON'],
    ['null', 'describes no vendor'],
    ['7', 'describes no vendor'],
    ['[]', 'describes no vendor'],
    [JSON.stringify(zenith), 'describes no vendor'],
    [JSON.stringify({ id: 'zenith', ...zenith, title: '' }), 'describes no vendor'],
    [JSON.stringify({ id: 'zenith', ...zenith, hosts: 'zenith.example' }), 'describes no vendor'],
    [JSON.stringify({ id: 7, ...zenith }), 'describes no vendor'],
  ])('of %j is refused in words', (text, words) => {
    expect(() => givenVendor(givenDescription(environment(text)))).toThrow(words)
  })
})
