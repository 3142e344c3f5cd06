import type { ConditionContext } from './conditions';
import { accountOf, roleName, type Principal } from './principal';

const REGION = 'us-east-1';

/** The condition keys that every request has, with the request's own on top. */
export function requestContext(
  principal: Principal,
  request: { readonly resource: string; readonly context?: Readonly<Record<string, readonly string[]>> },
): ConditionContext {
  const now = new Date();
  const context: Record<string, readonly string[]> = {
    // Loopback is plain HTTP, but what is checked is the deployed pipeline, and that speaks TLS 1.2 or newer.
    'aws:securetransport': ['true'],
    's3:tlsversion': ['1.3'],
    'aws:viaawsservice': ['false'],
    'aws:sourceip': ['127.0.0.1'],
    'aws:requestedregion': [REGION],
    'aws:currenttime': [now.toISOString()],
    'aws:epochtime': [String(Math.floor(now.getTime() / 1000))],
    ...principalKeys(principal),
  };
  const account = accountOf(request.resource) || (principal.kind === 'role' ? accountOf(principal.arn) : '');
  if (account !== '') context['aws:resourceaccount'] = [account];
  for (const [key, values] of Object.entries(request.context ?? {})) context[key.toLowerCase()] = values;
  return context;
}

function principalKeys(principal: Principal): Record<string, readonly string[]> {
  if (principal.kind === 'service') {
    return { 'aws:principalisawsservice': ['true'], 'aws:principalservicename': [principal.service] };
  }
  const session = principal.sessionName ?? 'headrace';
  return {
    'aws:principalisawsservice': ['false'],
    'aws:principaltype': ['AssumedRole'],
    'aws:principalarn': [principal.arn],
    'aws:principalaccount': [accountOf(principal.arn)],
    'aws:userid': [`AROA${roleName(principal.arn).toUpperCase()}:${session}`],
  };
}
