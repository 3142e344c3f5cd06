import { BlockList, isIPv6 } from 'node:net';
import type { Finding } from '../../finding';
import type { Template } from '../../synth-fixtures';
import { nameOf, render, resourcesOf } from './template-text';

type Way = 'in' | 'out';

/** What one rule lets through, whether it stands inside its group or beside it. */
interface Rule {
  readonly way: Way;
  /** By place in the app; one that is not in the app as text. */
  readonly group: string;
  readonly protocol: string;
  readonly from: string;
  readonly to: string;
  /** A CIDR, a prefix list or another group. */
  readonly peer: string;
}

const PEERS = [
  'CidrIp', 'CidrIpv6', 'SourceSecurityGroupId', 'SourceSecurityGroupName', 'DestinationSecurityGroupId', 'SourcePrefixListId', 'DestinationPrefixListId',
];

/** Network paths that open or close with an upgrade. Rules of a group that comes or goes with it are not told: nobody counts on them. */
export function securityGroupFindings(before: Template, now: Template): Finding[] {
  const [old, next] = [rulesOf(before), rulesOf(now)];
  const [groups, later] = [before, now].map(groupsOf);
  const open = next.filter((rule) => !old.some((other) => covers(other, rule)) && (groups!.has(rule.group) || !later!.has(rule.group)));
  const closed = old.filter((rule) => !next.some((other) => covers(other, rule)) && (later!.has(rule.group) || !groups!.has(rule.group)));
  return [...open.map(opened), ...closed.map(lost)];
}

function opened(rule: Rule): Finding {
  return {
    gate: 'resources', subject: `security group ${rule.group}`, what: rule.way === 'in' ? 'lets others in' : 'lets more out', is: textOf(rule),
    consequence: rule.way === 'in' ? 'What was closed can be reached from the network after the upgrade.' : 'What it guards can send data to where it could not before.',
    advice: 'Open nothing by default.', bump: 'major',
  };
}

function lost(rule: Rule): Finding {
  return {
    gate: 'resources', subject: `security group ${rule.group}`, what: rule.way === 'in' ? 'lets less in' : 'lets less out', was: textOf(rule),
    consequence: 'What connected by this rule, such as a load with its database, cannot connect after the upgrade.',
    advice: 'Keep the rule.', bump: 'major',
  };
}

function rulesOf(template: Template): Rule[] {
  return resourcesOf(template).flatMap(([id, { Type, Properties = {} }]) => {
    const of = (group: string, way: Way, rules: unknown) => ((rules ?? []) as Readonly<Record<string, unknown>>[])
      .map((rule) => ruleOf(template, group, way, rule));
    switch (Type) {
      case 'AWS::EC2::SecurityGroup': {
        const group = nameOf(template, { Ref: id });
        return [...of(group, 'in', Properties.SecurityGroupIngress), ...of(group, 'out', Properties.SecurityGroupEgress)];
      }
      case 'AWS::EC2::SecurityGroupIngress': return of(nameOf(template, Properties.GroupId ?? Properties.GroupName), 'in', [Properties]);
      case 'AWS::EC2::SecurityGroupEgress': return of(nameOf(template, Properties.GroupId), 'out', [Properties]);
      default: return [];
    }
  });
}

function ruleOf(template: Template, group: string, way: Way, rule: Readonly<Record<string, unknown>>): Rule {
  const peer = PEERS.filter((name) => rule[name] !== undefined).map((name) => nameOf(template, rule[name])).join(' and ');
  return { way, group, peer, protocol: render(rule.IpProtocol ?? '-1'), from: render(rule.FromPort ?? -1), to: render(rule.ToPort ?? -1) };
}

function groupsOf(template: Template): Set<string> {
  return new Set(resourcesOf(template).filter(([, { Type }]) => Type === 'AWS::EC2::SecurityGroup').map(([id]) => nameOf(template, { Ref: id })));
}

function covers(wide: Rule, rule: Rule): boolean {
  if (wide.way !== rule.way || wide.group !== rule.group || !coversPeer(wide.peer, rule.peer)) return false;
  if (wide.protocol === '-1') return true;
  const ports = (wide.from === rule.from && wide.to === rule.to) || wide.from === '-1'
    || (Number(wide.from) <= Number(rule.from) && Number(rule.to) <= Number(wide.to) && rule.from !== '-1');
  return wide.protocol === rule.protocol && ports;
}

function coversPeer(wide: string, peer: string): boolean {
  if (wide === peer) return true;
  const [[network = '', bits], [address = '', own]] = [wide, peer].map((text) => text.split('/')) as [string[], string[]];
  if (!/^\d+$/.test(bits ?? '') || !/^\d+$/.test(own ?? '') || isIPv6(network) !== isIPv6(address) || Number(bits) > Number(own)) return false;
  const type = isIPv6(network) ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  try {
    list.addSubnet(network, Number(bits), type);
    return list.check(address, type);
  } catch {
    // No CIDR, although it has a slash: a place in the app.
    return false;
  }
}

function textOf({ way, protocol, from, to, peer }: Rule): string {
  const ports = from === '-1' || protocol === '-1' ? 'all ports' : from === to ? `port ${from}` : `ports ${from} to ${to}`;
  return `${ports} of ${protocol === '-1' ? 'every protocol' : protocol} ${way === 'in' ? 'from' : 'to'} ${peer}`;
}
