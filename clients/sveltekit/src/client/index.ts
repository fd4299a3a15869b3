export { kitFetch, type KitFetch } from './kit-fetch.js';
export { watchSession } from './watch-session.js';
