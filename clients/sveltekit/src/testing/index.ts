export { mockIssuer, type MockIssuer, type MockIssuerOptions, type Fault } from './issuer.js';
export type { NewUser } from './accounts.js';
