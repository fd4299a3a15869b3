import { redirect } from '@sveltejs/kit';
import { outcome } from '$lib/server/answers';
import { auth } from '$lib/server/auth';

export const load = async (event) => {
	auth.requireSession(event);
	// Password managers want to know whose password it is.
	return { email: (await event.locals.auth.user())?.email };
};

export const actions = {
	password: async (event) => {
		const form = await event.request.formData();
		const body = {
			current_password: String(form.get('current_password')),
			new_password: String(form.get('new_password'))
		};
		return outcome('password', await auth.service(event).POST('/v1/me/password', { body }));
	},
	delete: async (event) => {
		const password = String((await event.request.formData()).get('password'));
		const answer = await auth.service(event).DELETE('/v1/me', { body: { password } });
		if (answer.error) return outcome('delete', answer);
		await auth.logout(event);
		redirect(303, '/');
	}
};
