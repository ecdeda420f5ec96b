{{/* Probes are served on every address of the pod: kubelet and Prometheus come from outside of it. */}}
{{- define "webhook-gateway.probesEnv" -}}
- name: GATEWAY_PROBES_ADDRESS
  value: 0.0.0.0
- name: GATEWAY_PROBES_PORT
  value: {{ .root.Values.probes.port | quote }}
{{- end }}

{{/* The console listens on every address of the pod, too: so everybody needs credentials. */}}
{{- define "webhook-gateway.consoleEnv" -}}
- name: GATEWAY_CONSOLE_ADDRESS
  value: 0.0.0.0
- name: GATEWAY_CONSOLE_PORT
  value: {{ .values.port | quote }}
- name: GATEWAY_CONSOLE_DIR
  value: {{ include "webhook-gateway.indexDir" . }}
{{- end }}
