import { auth } from '$lib/server/auth';

export const trailingSlash = 'ignore';
export const fallback = auth.proxy;
