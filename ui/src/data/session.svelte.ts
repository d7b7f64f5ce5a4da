// Who is logged in. Pages are shown only once this is known.

import { api, Problem, type Session } from './api';

class Login {
  state = $state<'asking' | 'in' | 'out' | 'failed'>('asking');
  session = $state<Session | null>(null);
  problem = $state<unknown>(null);

  async ask(): Promise<void> {
    try {
      this.session = await api.session();
      this.state = 'in';
    } catch (problem) {
      this.problem = problem;
      this.state = problem instanceof Problem && problem.status === 401 ? 'out' : 'failed';
    }
  }

  async enter(token: string): Promise<void> {
    await api.login(token);
    await this.ask();
  }

  async leave(): Promise<void> {
    if (this.session) await api.logout(this.session.csrf);
    this.session = null;
    this.state = 'out';
    // Whoever logged in at an issuer logs out there as well; everybody else comes straight back.
    const ways = await api.ways().catch(() => null);
    if (ways?.oidc) location.assign('/login/oidc/out');
  }

  /** A page met a 401: the session has ended meanwhile. */
  ended(): void {
    this.session = null;
    this.state = 'out';
  }
}

export const login = new Login();
