import { lookup as resolve, type LookupAddress, type LookupOptions } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { userError } from '../../errors/pipeline-error';

/** `any` still excludes link-local addresses; `public` is for hosts that only a redirect named. */
export type AddressRule = 'any' | 'public';

// Link-local addresses serve credentials to tasks and machines in AWS; no batch source lives there.
// An IPv6 address can hold one of IPv4: translated (NAT64, SIIT), by 6to4, or in the compatible form of old.
const LINK_LOCAL = blockList(['169.254.0.0/16'], ['fe80::/10', 'fd00:ec2::/32', '64:ff9b::a9fe:0/112', '::ffff:0:a9fe:0/112', '2002:a9fe::/32', '::a9fe:0/112']);

const PRIVATE = blockList(
  ['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '192.0.0.0/24', '198.18.0.0/15', '224.0.0.0/4', '240.0.0.0/4'],
  ['::/96', 'fc00::/7', 'ff00::/8', '64:ff9b::/96', '64:ff9b:1::/48', '::ffff:0:0:0/96', '2002::/16', 'fec0::/10'],
);

/** Throws PipelineError `SOURCE_ADDRESS` when an address must not be connected to. */
export function checkAddress(address: string, host: string, rule: AddressRule): void {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (LINK_LOCAL.check(address, family)) {
    throw userError('SOURCE_ADDRESS', `host ${host} is at the link-local address ${address}, which is never a source; correct the URL`, { host, address });
  }
  if (rule === 'public' && PRIVATE.check(address, family)) {
    throw userError('SOURCE_ADDRESS', `the source redirects to ${host} at the private address ${address}; name that host in the source's URL if it is meant`, { host, address });
  }
}

type LookupCallback = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

/** A resolver for sockets that checks each address it hands out, so that the checked one is the one connected to. */
export function guardedLookup(rule: AddressRule): LookupFunction {
  return (host: string, options: LookupOptions, callback: LookupCallback): void => {
    resolve(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '');
      try {
        for (const { address } of addresses) checkAddress(address, host, rule);
      } catch (refused) {
        return callback(refused as NodeJS.ErrnoException, '');
      }
      const first = addresses[0] as LookupAddress;
      return options.all === true ? callback(null, addresses) : callback(null, first.address, first.family);
    });
  };
}

/** Checks a host that is an address already: sockets do not ask the resolver for it. */
export function checkLiteralHost(url: URL, rule: AddressRule): void {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0) checkAddress(host, url.host, rule);
}

function blockList(ipv4: string[], ipv6: string[]): BlockList {
  const list = new BlockList();
  for (const [family, subnets] of [['ipv4', ipv4], ['ipv6', ipv6]] as const) {
    for (const subnet of subnets) {
      const [net, prefix] = subnet.split('/');
      list.addSubnet(net as string, Number(prefix), family);
    }
  }
  return list;
}
