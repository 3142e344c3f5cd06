import { Token } from 'aws-cdk-lib';
import type { SftpSourceProps } from '../sftp-source';
import { fileSettings } from './file-settings';
import { checkWhole, type BoundSource, type SourceBinding } from './source-binding';

export function bindSftp(props: SftpSourceProps, binding: SourceBinding): BoundSource {
  const { host, port, secret, username, hostKeys, path, order, settle } = props;
  const { prop, problems } = binding;
  checkWhole(problems, `${prop}.port`, port, 1, 65_535);
  checkWhole(problems, `${prop}.settle in seconds`, settle?.toSeconds(), 0, 86_400);
  if (!Token.isUnresolved(host) && !/^[A-Za-z0-9.:_-]+$/.test(host)) problems.add(`${prop}.host must be the name or address of a server, without scheme, port and user, got ${JSON.stringify(host)}`);
  if (hostKeys.length === 0) problems.add(`${prop}.hostKeys must name at least one fingerprint of the server; ssh-keyscan <host> | ssh-keygen -lf - prints them`);
  for (const key of hostKeys.filter((one) => !Token.isUnresolved(one) && !/^SHA256:[A-Za-z0-9+/]{43}=?$/.test(one))) {
    problems.add(`${prop}.hostKeys must be fingerprints like SHA256: and 43 characters, got ${JSON.stringify(key)}; ssh-keyscan <host> | ssh-keygen -lf - prints them`);
  }
  return {
    settings: {
      kind: 'sftp', host, port: port ?? 22, secretArn: secret.secretArn, username, hostKeys, path, order: order ?? 'name', settleSeconds: settle?.toSeconds() ?? 60,
      ...fileSettings(props, binding),
    },
    plansInTask: true,
    secrets: [secret],
  };
}
