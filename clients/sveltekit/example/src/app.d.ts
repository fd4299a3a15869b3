declare global {
	namespace App {
		interface Locals {
			auth: import('@auth-service/sveltekit/server').AuthLocals;
		}
	}
}

export {};
