import { auth } from '$lib/server/auth';

export const actions = { default: auth.actions.logout };
