export { bearerFetch, type BearerOptions } from './bearer-fetch.js';
