/** HTTP headers, each on a line. */
export function Headers({ title, of }: { title: string; of: Readonly<Record<string, string>> }) {
  return (
    <div>
      <h3>{title}</h3>
      <dl class="http-headers">
        {Object.entries(of).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
