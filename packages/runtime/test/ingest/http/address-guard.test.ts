import { checkAddress, checkLiteralHost, guardedLookup } from '../../../src/ingest/http/address-guard';

const literal = (host: string, rule: 'any' | 'public') => (): void => checkLiteralHost(new URL(`http://${host}/latest/meta-data`), rule);

describe('addresses of sources', () => {
  test.each([
    '169.254.169.254', '169.254.170.2', '0xA9FEA9FE', '2852039166', '0251.0376.0251.0376', '0xa9.254.0xa9fe', '169.254.43518', '[::ffff:169.254.169.254]', '[::ffff:a9fe:a9fe]',
    '[64:ff9b::169.254.169.254]', '[::ffff:0:a9fe:a9fe]', '[2002:a9fe:a9fe::1]', '[::169.254.169.254]', '[fe80::1]', '[fd00:ec2::254]', '169.254.169.254.', '１６９.２５４.１６９.２５４',
  ])('%s is link-local in whatever form it is written', (host) => {
    expect(literal(host, 'any')).toThrow(expect.objectContaining({ code: 'SOURCE_ADDRESS', kind: 'terminal', message: expect.stringContaining('link-local') }));
  });

  test.each([
    '127.0.0.1', '127.1', '0x7f000001', '2130706433', '017700000001', '0', '10.1.2.3', '172.31.0.1', '192.168.1.1', '100.64.0.1', '198.18.0.1', '[::1]', '[::]', '[::ffff:10.0.0.1]', '[::10.0.0.1]',
    '[64:ff9b::10.0.0.1]', '[2002:0a00:0001::]', '[fc00::1]', '[fd12::1]', '[ff02::1]', '255.255.255.255',
  ])('%s is private: for the host that the source names, and for no other', (host) => {
    expect(literal(host, 'any')).not.toThrow();
    expect(literal(host, 'public')).toThrow(expect.objectContaining({ code: 'SOURCE_ADDRESS', message: expect.stringContaining('private') }));
  });

  test.each(['8.8.8.8', '[2606:4700::1111]', '172.32.0.1', '169.253.255.255', '169.255.0.0', '100.128.0.1'])('%s is public', (host) => {
    expect(literal(host, 'public')).not.toThrow();
  });

  test('a zone does not hide an address', () => {
    expect(() => checkAddress('fe80::1%eth0', 'x', 'any')).toThrow('link-local');
  });

  test('the address that a socket gets is the one that was checked', async () => {
    const asked = (rule: 'any' | 'public') => new Promise((resolve) => {
      guardedLookup(rule)('localhost', { all: true }, (error, addresses) => resolve(error ?? addresses));
    });
    expect(await asked('any')).toEqual(expect.arrayContaining([expect.objectContaining({ address: expect.stringMatching(/^(127\.0\.0\.1|::1)$/) })]));
    expect(await asked('public')).toMatchObject({ code: 'SOURCE_ADDRESS' });
  });
});
