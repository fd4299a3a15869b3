import type { components } from './openapi.js';

type Schemas = components['schemas'];

export type TokenPair = Schemas['TokenPair'];
export type User = Schemas['UserInfo'];
export type SessionInfo = Schemas['SessionInfo'];
export type Problem = Schemas['Problem'];
export type FieldError = Schemas['FieldError'];
