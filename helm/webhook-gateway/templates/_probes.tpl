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
{{- if include "webhook-gateway.indexInFile" . }}
- name: GATEWAY_CONSOLE_DIR
  value: {{ include "webhook-gateway.indexDir" . }}
{{- end }}
{{- end }}

{{/* Whether a process keeps an index in a file: the console does, unless it gets the URL of a database. */}}
{{- define "webhook-gateway.indexInFile" -}}
{{- if and (eq .name "console") (not (include "webhook-gateway.files" . | fromJson).console_database_url_file) }}true{{ end }}
{{- end }}
