import { describe, expect, it } from 'vitest';
import { endpointOf } from '../../../../src/host/policy/endpoint.ts';

describe('the endpoint of models', () => {
  it('is that of the setting, else of the variable, else of OpenAI', () => {
    expect(endpointOf('https://a.example/v1', 'https://b.example/v1')).toEqual({
      baseUrl: 'https://a.example/v1',
      origin: 'https://a.example',
      from: 'setting',
      isLocal: false,
    });
    expect(endpointOf(null, ' https://b.example:8443/v1 ')).toMatchObject({
      origin: 'https://b.example:8443',
      from: 'environment',
    });
    expect(endpointOf('', '')).toMatchObject({ origin: 'https://api.openai.com', from: 'default' });
  });

  it('is none where the setting is no address, rather than another one', () => {
    const wrong = ['localhost:8000', 'file:///etc', 'what'];
    expect(wrong.map((text) => endpointOf(text, 'https://b.example/v1'))).toEqual(wrong.map(() => undefined));
  });

  it('is on this machine for loopback addresses alone', () => {
    const isLocal = (host: string): boolean | undefined =>
      endpointOf(`http://${host}/v1`, undefined)?.isLocal;
    for (const host of ['localhost', 'localhost:11434', '127.0.0.1:8000', '[::1]:8000'])
      expect(isLocal(host), host).toBe(true);
    for (const host of ['localhost.example', '10.0.0.1', '127.example', '0.0.0.0', 'a.localhost'])
      expect(isLocal(host), host).toBe(false);
  });

  it('has an origin without credentials', () => {
    expect(endpointOf('https://name:word@a.example/v1', undefined)?.origin).toBe('https://a.example');
  });
});
