{{/* The ports that deliveries may go to, as a NetworkPolicy lists them. The default is that of the setting. */}}
{{- define "webhook-gateway.endpointPorts" -}}
{{- $config := include "webhook-gateway.config" . | fromJson }}
{{- range splitList "," (default "443,1024-65535" $config.endpoint_ports) }}
{{- $ends := splitList "-" (trim .) }}
- port: {{ first $ends | int }}
  {{- if gt (len $ends) 1 }}
  endPort: {{ last $ends | int }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Where deliveries may go: the rules of docs/security.md#addresses as far as a NetworkPolicy can say them. */}}
{{- define "webhook-gateway.deliveryRules" -}}
{{- $policy := .root.Values.networkPolicy.deliveries }}
{{- $config := include "webhook-gateway.config" . | fromJson }}
{{- $exceptIPv4 := $policy.exceptIPv4 }}
{{- $exceptIPv6 := $policy.exceptIPv6 }}
{{- range splitList "," (default "" $config.deny_networks) }}
{{- $network := trim . }}
{{- if not (contains ":" $network) }}
{{- if $network }}{{ $exceptIPv4 = append $exceptIPv4 $network }}{{ end }}
{{- else if regexMatch "^[23][0-9a-fA-F]{3}:" $network }}{{ $exceptIPv6 = append $exceptIPv6 $network }}
{{- end }}
{{- end }}
{{- if $policy.proxy }}
{{- toYaml $policy.proxy }}
{{- else }}
- to:
    - ipBlock: {cidr: 0.0.0.0/0, except: {{ uniq $exceptIPv4 | toJson }}}
    - ipBlock: {cidr: "2000::/3", except: {{ uniq $exceptIPv6 | toJson }}}
    {{- range splitList "," (default "" $config.allow_networks) }}
    {{- with trim . }}
    - ipBlock: {cidr: {{ quote . }}}
    {{- end }}
    {{- end }}
  ports:
    {{- include "webhook-gateway.endpointPorts" . | trim | nindent 4 }}
{{- end }}
{{- end }}

{{/* Where every process connects to: DNS and Kafka. */}}
{{- define "webhook-gateway.commonRules" -}}
{{- with .root.Values.networkPolicy }}
- {{ if .dns.to }}to:
    {{- toYaml .dns.to | nindent 4 }}
  {{ end }}ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
- {{ if .kafka.to }}to:
    {{- toYaml .kafka.to | nindent 4 }}
  {{ else if $.root.Values.strimzi.cluster }}to:
    - podSelector: {matchLabels: {strimzi.io/cluster: {{ $.root.Values.strimzi.cluster }}, strimzi.io/kind: Kafka}}
      namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ $.root.Values.strimzi.namespace | default $.root.Release.Namespace }}}}
  {{ end }}ports:
    {{- range .kafka.ports }}
    - port: {{ . }}
    {{- end }}
{{- end }}
{{- end }}
