import { startRequest } from '../../lib/local/start-request.ts'

const asked = (line: string, environment = {}) => startRequest(line.split(' ').filter(Boolean), environment)

describe('npm start', () => {
  it.each([
    ['', { port: 8787 }],
    ['--port 9000', { port: 9000 }],
    ['--port=0', { port: 0 }],
    ['--port 65533', { port: 65_533 }],
    ['--help', 'help'],
    ['--port 9 -h', 'help'],
  ])('-- %s is understood', (line, expected) => expect(asked(line)).toEqual(expected))

  it.each([
    ['--prot 9', 'there is no option --prot: npm start -- --help'],
    ['-p 9', 'there is no option -p: npm start -- --help'],
    ['9', '"9" is no option: npm start -- --port 9000'],
    ['--port', '--port is a number from 0 to 65533, not "": npm start -- --port 9000'],
    ['--port 65534', '--port is a number from 0 to 65533, not "65534": npm start -- --port 9000'],
    ['--port=-1', '--port is a number from 0 to 65533, not "-1": npm start -- --port 9000'],
    ['--port http', '--port is a number from 0 to 65533, not "http": npm start -- --port 9000'],
  ])('-- %s is answered with one line that says what to type', (line, misuse) => {
    expect(asked(line)).toEqual({ misuse })
  })

  it.each([
    ['--port 9', '9', 'true'],
    ['--port=9', '', '9'],
  ])('%s, which npm keeps for itself, is not taken for a start without a port', (_typed, line, npm_config_port) => {
    expect(asked(line, { npm_config_port })).toEqual({
      misuse: '--port went to npm itself: npm start -- --port 9',
    })
  })
})
