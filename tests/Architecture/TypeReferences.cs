using System.Reflection;
using System.Reflection.Emit;

namespace MambaQuant.Architecture;

/// <summary>Finds every type that a type mentions: in its declaration, in signatures, in attributes, and inside method bodies.</summary>
/// <remarks>A constant is copied by the compiler and leaves no trace in a body; only the using directive of the source shows it.</remarks>
internal static class TypeReferences
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => code.Value);

    /// <summary>The types that one type mentions; nested types are not followed.</summary>
    /// <param name="type">The type.</param>
    public static IReadOnlySet<Type> Of(Type type)
    {
        HashSet<Type> found = [];
        Add(found, type.BaseType);
        Add(found, type.GetInterfaces());
        AddAttributes(found, type);
        foreach (Type parameter in type.GetGenericArguments())
        {
            Add(found, parameter.GetGenericParameterConstraints());
        }

        foreach (FieldInfo field in type.GetFields(Declared))
        {
            Add(found, field.FieldType);
            AddAttributes(found, field);
        }

        foreach (PropertyInfo property in type.GetProperties(Declared))
        {
            AddAttributes(found, property);
        }

        foreach (MethodBase method in type.GetMethods(Declared).Cast<MethodBase>().Concat(type.GetConstructors(Declared)))
        {
            AddSignature(found, method);
            AddAttributes(found, method);
            AddBody(found, method);
        }

        return found;
    }

    private static void AddSignature(HashSet<Type> found, MethodBase method)
    {
        Add(found, (method as MethodInfo)?.ReturnType);
        Add(found, method.GetParameters().Select(parameter => parameter.ParameterType));
        if (method is { IsGenericMethod: true })
        {
            foreach (Type argument in method.GetGenericArguments())
            {
                Add(found, argument);
                Add(found, argument.IsGenericParameter ? argument.GetGenericParameterConstraints() : []);
            }
        }
    }

    private static void AddBody(HashSet<Type> found, MethodBase method)
    {
        if (method.GetMethodBody() is not { } body)
        {
            return;
        }

        Add(found, body.LocalVariables.Select(local => local.LocalType));
        Add(found, body.ExceptionHandlingClauses.Where(clause => clause.Flags == ExceptionHandlingClauseOptions.Clause).Select(clause => clause.CatchType));
        Type[] typeArguments = method.DeclaringType!.GetGenericArguments();
        Type[]? methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        foreach (int token in MemberTokens(body.GetILAsByteArray()!))
        {
            switch (method.Module.ResolveMember(token, typeArguments, methodArguments))
            {
                case Type type:
                    Add(found, type);
                    break;
                case FieldInfo field:
                    Add(found, field.DeclaringType);
                    Add(found, field.FieldType);
                    break;
                case MethodBase called:
                    Add(found, called.DeclaringType);
                    AddSignature(found, called);
                    break;
            }
        }
    }

    /// <summary>Walks the instructions and gives the tokens of fields, methods and types.</summary>
    private static IEnumerable<int> MemberTokens(byte[] il)
    {
        int at = 0;
        while (at < il.Length)
        {
            short value = il[at++];
            if (value == 0xFE)
            {
                value = unchecked((short)(0xFE00 | il[at++]));
            }

            OpCode code = OpCodesByValue[value];
            switch (code.OperandType)
            {
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                    yield return BitConverter.ToInt32(il, at);
                    at += 4;
                    break;
                case OperandType.InlineNone:
                    break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                    at += 1;
                    break;
                case OperandType.InlineVar:
                    at += 2;
                    break;
                case OperandType.InlineI8 or OperandType.InlineR:
                    at += 8;
                    break;
                case OperandType.InlineSwitch:
                    at += 4 + (4 * BitConverter.ToInt32(il, at));
                    break;
                default:
                    at += 4;
                    break;
            }
        }
    }

    private static void AddAttributes(HashSet<Type> found, MemberInfo member)
    {
        foreach (CustomAttributeData attribute in member.GetCustomAttributesData())
        {
            Add(found, attribute.AttributeType);
            Add(found, attribute.ConstructorArguments.Concat(attribute.NamedArguments.Select(named => named.TypedValue)).Select(argument => argument.Value).OfType<Type>());
        }
    }

    private static void Add(HashSet<Type> found, IEnumerable<Type?> types)
    {
        foreach (Type? type in types)
        {
            Add(found, type);
        }
    }

    private static void Add(HashSet<Type> found, Type? type)
    {
        if (type is null || type.IsGenericParameter)
        {
            return;
        }

        if (type.HasElementType)
        {
            Add(found, type.GetElementType());
            return;
        }

        if (type.IsConstructedGenericType)
        {
            Add(found, type.GetGenericArguments());
            type = type.GetGenericTypeDefinition();
        }

        found.Add(type);
    }
}
