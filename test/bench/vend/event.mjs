/** What the gateway sends for a vend, as far as functions read it. */
export const eventFor = (connection, vendor = 'accelo') => ({
  resource: `/tokens/${vendor}/{connection}`,
  path: `/tokens/${vendor}/${connection}`,
  httpMethod: 'GET',
  headers: {},
  multiValueHeaders: {},
  queryStringParameters: null,
  multiValueQueryStringParameters: null,
  pathParameters: { connection },
  stageVariables: null,
  requestContext: {
    requestId: '0b8f1f6e-5f0c-4e8e-9a52-1f6f0b8f5f0c',
    identity: { userArn: 'arn:aws:sts::111122223333:assumed-role/billing/session' },
  },
  body: null,
  isBase64Encoded: false,
})

export const context = {
  awsRequestId: '0b8f1f6e-5f0c-4e8e-9a52-1f6f0b8f5f0c',
  functionName: 'vendomat-accelo',
  functionVersion: '$LATEST',
  invokedFunctionArn: 'arn:aws:lambda:eu-west-1:111122223333:function:vendomat-accelo',
  memoryLimitInMB: '512',
  getRemainingTimeInMillis: () => 20_000,
}
