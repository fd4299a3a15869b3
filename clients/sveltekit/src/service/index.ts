export type { components, operations, paths } from './openapi.js';
export type { ServiceAnswer, ServiceClient } from './client.js';
export type { FieldError, Problem, SessionInfo, TokenPair, User } from './schemas.js';
