// Every vendor there is, each under its id. A new one is a folder, a test, and a line here.
export { accelo } from './accelo/vendor.ts'
export { accessia } from './accessia/vendor.ts'
export { clearid } from './clearid/vendor.ts'
export { iobeya } from './iobeya/vendor.ts'
export { netrex } from './netrex/vendor.ts'
