/** The environment for child processes: without banners, daemons and calls to a network service. */
export function quietEnvironment() {
  return {
    ...process.env,
    // A list of majors: `1` would do nothing.
    JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION: '20',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    NX_DAEMON: 'false',
    NX_NO_CLOUD: 'true',
    NX_TUI: 'false',
    // Green in continuous integration means that it ran.
    ...(process.env.CI ? { NX_SKIP_NX_CACHE: 'true' } : {}),
  };
}
