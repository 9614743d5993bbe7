import type { SecurityPromise } from '../promise.ts'

const TESTS = 'test/security/laptop.test.ts'
const DOOR = 'lib/local/foreign-request.ts'
const asset = 'the machine on a laptop, and what somebody has connected to it'

export const PROMISES: readonly SecurityPromise[] = [
  {
    id: 'laptop-loopback',
    asset,
    threat: 'somebody in the same network calls its ports',
    stoppedBy: 'every server listens on 127.0.0.1 alone, and there is one place that opens them',
    tests: [
      { file: TESTS, title: 'is at 127.0.0.1, and at no other address of this computer' },
      { file: TESTS, title: 'is opened in one place, by which all go' },
    ],
    removal: {
      file: 'lib/local/loopback.ts',
      was: "server.listen(port, '127.0.0.1', resolve)",
      becomes: 'server.listen(port, resolve)',
    },
  },
  {
    id: 'laptop-host',
    asset,
    threat: 'a web page whose name is made to lead to this computer reads secrets as its own (DNS rebinding)',
    stoppedBy: 'a request is refused unless its one Host is 127.0.0.1 or localhost at that port',
    tests: [{ file: TESTS, title: 'hears no request under another name than its own' }],
    removal: {
      file: DOOR,
      was: 'if (!isOne(host, names)) return',
      becomes: 'if (host.length > 99) return',
    },
  },
  {
    id: 'laptop-origin',
    asset,
    threat: 'a script or form of a web page moves the clock or scripts a fault by a plain POST',
    stoppedBy: 'a request whose Origin is not of that server is refused',
    tests: [{ file: TESTS, title: 'hears no request of a page of another origin' }],
    removal: {
      file: DOOR,
      was: 'if (origin.length > 0 && !isOne(origin, origins))',
      becomes: 'if (origins.length === 0)',
    },
  },
  {
    id: 'laptop-site',
    asset,
    threat: 'an image, a frame or a link of a web page makes a GET, which has no Origin',
    stoppedBy:
      'a request is refused of which the browser says that it is for another site or another port (Sec-Fetch-Site)',
    tests: [{ file: TESTS, title: 'hears no request of which the browser says that another site makes it' }],
    removal: {
      file: DOOR,
      was: "if (site.length > 0 && !isOne(site, ['same-origin', 'none']))",
      becomes: 'if (site.length > 99)',
    },
  },
  {
    id: 'laptop-servers',
    asset,
    threat: 'one of the servers has no such check',
    stoppedBy: 'the check is in what opens them, before anything of the server itself',
    tests: [
      { file: TESTS, title: 'has at each server what it could do, as programs can' },
      { file: TESTS, title: 'does nothing of it ' },
    ],
    removal: {
      file: 'lib/local/loopback.ts',
      was: 'if (why === undefined) return listener(request, response)',
      becomes: "if (why !== 'none') return listener(request, response)",
    },
  },
  {
    id: 'laptop-clock-and-faults',
    asset: 'the clock of a laptop’s machine, and how its vendors answer',
    threat: 'a form of a web page in a browser that keeps the origin to itself',
    stoppedBy: 'what changes something at the control address takes a header that no form can send',
    tests: [{ file: TESTS, title: 'whose origin the browser keeps to itself cannot send the header' }],
    removal: {
      file: 'lib/local/simulators.ts',
      was: '!request.headers[CONTROL_HEADER]',
      becomes: "request.url === ''",
    },
  },
  {
    id: 'laptop-aws',
    asset: 'the secrets, table, keys and functions of a laptop’s machine',
    threat: 'a form of a web page in a browser that keeps the origin to itself',
    stoppedBy: 'the AWS endpoints answer nothing that carries no authorization, as AWS does',
    tests: [{ file: TESTS, title: 'nor the header without which AWS answers nobody' }],
    removal: {
      file: 'lib/local/aws-endpoints.ts',
      was: 'if (!request.headers.authorization) return',
      becomes: "if (request.url === '') return",
    },
  },
  {
    id: 'laptop-callback',
    asset: 'a consent that waits at the command line',
    threat: 'a web page ends it with a code of its own, from a frame, an image, a script or a form',
    stoppedBy:
      'but for a browser that goes there as to any page, which is how a vendor sends people back, nothing of another site is heard',
    tests: [
      { file: TESTS, title: 'is not found by a page elsewhere in any other way' },
      { file: 'test/lib/cli/consent.test.ts', title: 'is not ended by ' },
    ],
    removal: {
      file: DOOR,
      was: "return method === 'GET' && unnamed && isOne(mode, ['navigate']) && isOne(dest, ['document'])",
      becomes: "return method !== '' && (unnamed || isOne(mode, ['navigate']) || isOne(dest, ['document']))",
    },
  },
  {
    id: 'laptop-start',
    asset: 'vendor credentials',
    threat: 'the local mode runs where real callers are, or sends what was connected to a host on the network',
    stoppedBy: 'npm start refuses the variables of Lambda, and vendors or AWS services that are not on this computer',
    tests: [{ file: TESTS, title: 'has no place where ' }],
    removal: {
      file: 'lib/local/machine.ts',
      was: '  ensureLaptop(environment)\n',
      becomes: '  if (port < 0) ensureLaptop(environment)\n',
    },
  },
  {
    id: 'laptop-not-in-lambda',
    asset: 'vendor credentials',
    threat: 'a deployed function is told to send them to simulated vendors',
    stoppedBy: 'a function refuses to start with an address of simulators inside Lambda',
    tests: [
      { file: 'test/lambda/runtime.test.ts', title: 'refuses simulated vendors inside Lambda and takes them outside' },
      { file: 'test/lib/vendor-code.test.ts', title: 'does not start with simulated vendors inside Lambda' },
    ],
    removal: {
      file: 'functions/lambda/runtime.ts',
      was: 'if (inLambda && environment[ENV.simulatorUrl])',
      becomes: "if (inLambda && environment[ENV.simulatorUrl] === '')",
    },
  },
  {
    id: 'laptop-file-for-shells',
    asset: 'the keys with which a laptop’s machine is called',
    threat: 'another user of the same computer reads them in .local/env',
    stoppedBy: 'the file is for its owner alone',
    tests: [
      { file: 'test/local/shell-environment.test.ts', title: 'is for its owner alone, and there is one for each port' },
    ],
    removal: { file: 'lib/local/shell-environment.ts', was: '{ mode: 0o600 }', becomes: '{ mode: 0o644 }' },
  },
]
