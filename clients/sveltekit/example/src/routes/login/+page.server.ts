import { redirect } from '@sveltejs/kit';
import { auth } from '$lib/server/auth';

export const load = ({ locals }) => {
	if (locals.auth.status === 'signed-in') redirect(303, '/');
};

export const actions = { default: auth.actions.login };
