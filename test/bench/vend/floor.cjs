// What nothing can do without: two signed calls, AES-GCM, and a line of log. No retries, no engine, no packages.
const { createDecipheriv, createHash, createHmac } = require('node:crypto')
const http = require('node:http')
require('node:https')

const env = process.env
const hash = (text) => createHash('sha256').update(text).digest('hex')
const hmac = (key, text) => createHmac('sha256', key).update(text).digest()

function call(service, target, input) {
  const url = new URL(env.AWS_ENDPOINT_URL)
  const body = JSON.stringify(input)
  const date = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '')
  const day = date.slice(0, 8)
  const type = service === 'kms' ? 'application/x-amz-json-1.1' : 'application/x-amz-json-1.0'
  const headers = {
    'content-type': type,
    host: url.host,
    'x-amz-date': date,
    'x-amz-security-token': env.AWS_SESSION_TOKEN,
    'x-amz-target': target,
  }
  const names = Object.keys(headers).join(';')
  const listed = Object.entries(headers)
    .map(([name, value]) => `${name}:${value}\n`)
    .join('')
  const scope = `${day}/${env.AWS_REGION}/${service}/aws4_request`
  const signed = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${hash(`POST\n/\n\n${listed}\n${names}\n${hash(body)}`)}`
  const key = [day, env.AWS_REGION, service, 'aws4_request'].reduce(hmac, `AWS4${env.AWS_SECRET_ACCESS_KEY}`)
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${env.AWS_ACCESS_KEY_ID}/${scope}, SignedHeaders=${names}, Signature=${hmac(key, signed).toString('hex')}`
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method: 'POST', headers }, (response) => {
      let text = ''
      response
        .setEncoding('utf8')
        .on('data', (chunk) => {
          text += chunk
        })
        .on('end', () => resolve(JSON.parse(text)))
    })
    request.on('error', reject).end(body)
  })
}

exports.handler = async (event) => {
  const name = event.pathParameters.connection
  const values = { ':pk': { S: `naive#${name}` } }
  const query = {
    TableName: env.VENDOMAT_TABLE,
    ConsistentRead: true,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: values,
  }
  const { Items } = await call('dynamodb', 'DynamoDB_20120810.Query', query)
  const item = Items.find(({ sk }) => sk.S === 'TOKEN')
  const context = { app: 'naive', connection: name }
  const { Plaintext } = await call('kms', 'TrentService.Decrypt', {
    CiphertextBlob: item.edk.B,
    EncryptionContext: context,
  })
  const [header, , iv, text, tag] = item.sealed.S.split('.')
  const decipher = createDecipheriv('aes-256-gcm', Buffer.from(Plaintext, 'base64'), Buffer.from(iv, 'base64url'))
  decipher.setAAD(Buffer.from(header)).setAuthTag(Buffer.from(tag, 'base64url'))
  const token = Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()]).toString()
  console.log(JSON.stringify({ connection: name }))
  return { statusCode: 200, body: JSON.stringify({ access_token: token }) }
}
