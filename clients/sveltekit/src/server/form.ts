import type { RequestEvent } from '@sveltejs/kit';
import type { SignInFailure } from './types.js';

/** What was typed, the password apart: it may be shown again. */
export interface Typed {
	readonly email: string;
	readonly name: string;
}

export interface SignInForm {
	readonly typed: Typed;
	readonly password: string;
	/** Where to go afterwards, unproven. */
	readonly redirectTo: unknown;
}

/** A body that is no form is an empty one. */
export async function readForm({ request, url }: RequestEvent): Promise<SignInForm> {
	const form = await request.formData().catch(() => new FormData());
	return {
		typed: { email: text(form, 'email').trim(), name: text(form, 'name').trim() },
		password: text(form, 'password'),
		redirectTo: form.get('redirectTo') ?? url.searchParams.get('redirectTo')
	};
}

/** What to say of a form that lacks what it needs, if it does. */
export function missing(typed: Typed, password: string): SignInFailure | undefined {
	const errors = {
		...(typed.email === '' && { email: 'Please fill this in.' }),
		...(password === '' && { password: 'Please fill this in.' })
	};
	if (Object.keys(errors).length === 0) return undefined;
	return { code: 'validation_failed', message: 'Please fill in both fields.', errors, ...typed };
}

function text(form: FormData, name: string): string {
	const value = form.get(name);
	return typeof value === 'string' ? value : '';
}
