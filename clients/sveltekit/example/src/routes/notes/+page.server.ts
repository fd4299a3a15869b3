import { fail } from '@sveltejs/kit';
import { api } from '$lib/api';
import { auth } from '$lib/server/auth';

export const load = (event) => {
	auth.requireSession(event);
};

export const actions = {
	add: async ({ request }) => {
		const text = String((await request.formData()).get('text')).trim();
		if (!text) return fail(422, { form: 'add', text, message: 'Write something first.' });
		const { error, response } = await api.POST('/notes', { body: { text } });
		if (error) return fail(response.status, { form: 'add', text, message: 'The note was not added. Try again.' });
		return { form: 'add', done: true };
	},
	remove: async ({ request }) => {
		const id = Number((await request.formData()).get('id'));
		const { error, response } = await api.DELETE('/notes/{id}', { params: { path: { id } } });
		if (error) return fail(response.status, { form: 'list', message: 'The note was not removed. Try again.' });
	}
};
